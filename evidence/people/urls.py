"""URLs of signing in and out, and of one's own account.

allauth's views, each mounted by name: what is not in this list is not there.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.db.transaction import atomic
from django.urls import path
from django.views.decorators.http import require_POST

from evidence.people import sso, views
from evidence.people.ways import changing, end_sessions, remove_passkey, with_password

urlpatterns = [
    path("", views.home, name="home"),
    # signing in
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/code/", atomic(mfa.authenticate), name="mfa_authenticate"),
    path("sign-in/passkey/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("sign-in/sso/", sso.login, name="sso-login"),
    path(
        "sign-in/sso/<slug:provider_id>/callback/", sso.callback, name="openid_connect_callback"
    ),
    path("sign-in/sso/cancelled/", sso.cancelled, name="socialaccount_login_cancelled"),
    path("sign-out/", require_POST(account.logout), name="account_logout"),
    # a password that was forgotten, or the first one
    path("sign-in/forgotten/", account.password_reset, name="account_reset_password"),
    path("sign-in/forgotten/sent/", account.password_reset_done,
         name="account_reset_password_done"),
    path("sign-in/set/<slug:uidb36>/<str:key>/", atomic(account.password_reset_from_key),
         name="account_reset_password_from_key"),
    path("sign-in/set/done/", account.password_reset_from_key_done,
         name="account_reset_password_from_key_done"),
    # proving again
    path("account/again/", account.reauthenticate, name="account_reauthenticate"),
    path("account/again/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("account/again/passkey/", webauthn.reauthenticate_webauthn,
         name="mfa_reauthenticate_webauthn"),
    # one's own account
    path("account/", views.account, name="account"),
    path("account/mail/", views.mail, name="account-mail"),
    path("account/security/", views.security, name="mfa_index"),
    path("account/password/", with_password(changing(account.password_change)),
         name="account_change_password"),
    path("account/app/", changing(totp.activate_totp), name="mfa_activate_totp"),
    path("account/app/remove/", changing(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/codes/new/", changing(recovery.generate_recovery_codes),
         name="mfa_generate_recovery_codes"),
    path("account/passkeys/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("account/passkeys/add/", changing(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", changing(remove_passkey(webauthn.remove_webauthn)),
         name="mfa_remove_webauthn"),
    path("account/passkeys/<int:pk>/name/", changing(webauthn.edit_webauthn),
         name="mfa_edit_webauthn"),
    path("account/sessions/", end_sessions, name="usersessions_list"),
]  # fmt: skip
