"""Every URL, admin page and act by every role and scope: what each is answered.

One row a route. The objects asked for belong to PC Shah of Charing Cross (`own`), are named in
complaint PC/1/26 and in no other way special, unless the row's note says otherwise.

    y  there (200, or on to where it leads)          -  nothing here (404)
    p  by POST it is done or says what is wrong      >  to the sign-in page
    x  not by this method (405)

`mail/`, the demonstration's caught mail, is not mounted here, as it is not in production: it has
no row. tests/config/test_caught_mail.py mounts it and asks.
"""

from __future__ import annotations

# own   the officer who recorded it          mate  an officer of the same unit
# far   an officer of another unit           sup   a supervisor of the unit
# sup2  a supervisor of another unit         case  a case officer to whom it was opened
# cas0  a case officer to whom it was not    psd   an investigator
# psdN  an investigator named in the complaint
# aa    the appropriate authority            em    an evidence manager
# disc  a disclosure officer to whom it was opened
# pan   a panel member to whom it was opened pan0  a panel member to whom it was not
# aud   an auditor      dock  a dock's own account      adm  a system administrator
# out   nobody signed in
WHO = [
    "own",
    "mate",
    "far",
    "sup",
    "sup2",
    "case",
    "cas0",
    "psd",
    "psdN",
    "aa",
    "em",
    "disc",
    "pan",
    "pan0",
    "aud",
    "dock",
    "adm",
    "out",
]

PAGES = """
                                             own mate far sup sup2 case cas0 psd psdN aa em disc pan pan0 aud dock adm out
get  /                                       y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  sign-in/                                y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
get  sign-in/code/                           y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  sign-in/passkey/                        y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  sign-in/sso/                            -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  sign-in/sso/<slug:provider_id>/callback/ -  -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  sign-out/                               x   x    x   x   x    x    x    x   x    x  x  x    x   x    x   x    x   x
get  sign-in/sso/cancelled/                  y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  sign-in/forgotten/                      y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
get  sign-in/forgotten/sent/                 y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
get  sign-in/set/<slug:uidb36>/<str:key>/    y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
get  sign-in/set/done/                       y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
get  account/again/                          y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  account/again/code/                     y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  account/again/passkey/                  y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  account/                                y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  account/mail/                           y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  account/security/                       y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  account/password/                       y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  account/app/                            y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  account/app/remove/                     -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   >
get  account/codes/                          -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   >
get  account/codes/new/                      y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  account/passkeys/                       y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  account/passkeys/add/                   y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  account/passkeys/<int:pk>/remove/       -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   >
get  account/passkeys/<int:pk>/name/         -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   >
get  account/sessions/                       y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   >
get  footage/                                y   y    y   y   y    y    y    y   y    y  y  y    y   y    -   -    -   >
get  footage/new/                            y   y    y   y   y    y    y    y   y    y  y  y    y   y    -   -    -   >
get  footage/categorise/                     y   y    y   y   y    -    -    y   y    -  y  -    -   -    -   -    -   >
post footage/played/                         p   p    p   p   p    p    p    p   p    p  p  p    p   p    -   -    -   >
post footage/undo/                           p   p    p   p   p    -    -    p   p    -  p  -    -   -    -   -    -   >
get  footage/<ref:reference>/                y   -    -   y   -    y    -    y   y    y  y  y    y   -    -   -    -   >
get  footage/<ref:reference>/why/            y   -    -   y   -    y    -    y   y    y  y  y    y   -    -   -    -   >
get  footage/<ref:reference>/status/         y   -    -   y   -    y    -    y   y    y  y  y    y   -    -   -    -   >
post footage/<ref:reference>/play/           p   -    -   p   -    p    -    p   p    p  p  p    p   -    -   -    -   >
post footage/<ref:reference>/small/          p   -    -   p   -    p    -    p   p    p  p  p    p   -    -   -    -   >
get  footage/<ref:reference>/facts/          y   -    -   y   -    y    -    y   y    y  y  y    y   -    -   -    -   >
post footage/<ref:reference>/markers/        p   -    -   p   -    p    -    p   p    p  -  -    -   -    -   -    -   >
post footage/<ref:reference>/markers/<int:marker>/
                                             p   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   >
get  together/                               y   y    y   y   y    y    y    y   y    y  y  y    y   y    -   -    -   >
post together/move/                          -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   >
post footage/<ref:reference>/categorise/     p   -    -   p   -    -    -    p   p    -  p  -    -   -    -   -    -   >
post footage/<ref:reference>/carry/          p   -    -   p   -    -    -    p   p    -  p  -    -   -    -   -    -   >
post footage/<ref:reference>/download/<int:original>/
                                             -   -    -   p   -    p    -    p   p    -  -  p    -   -    -   -    -   >
get  retention/holds/                        -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  retention/holds/new/                    -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  retention/holds/<int:hold>/             -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  retention/holds/<int:hold>/change/      -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  retention/holds/<int:hold>/release/     -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  retention/holds/watches/<int:watch>/    -   -    -   -   -    -    -    y   -    y  y  -    -   -    -   -    -   >
get  retention/holds/watches/<int:watch>/change/
                                             -   -    -   -   -    -    -    y   -    y  y  -    -   -    -   -    -   >
get  retention/holds/watches/<int:watch>/end/ -  -    -   -   -    -    -    y   -    y  y  -    -   -    -   -    -   >
get  retention/holds/releases/<int:release>/ -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  footage/on-its-way/                     y   y    y   y   y    y    y    y   y    y  y  y    y   y    -   -    -   >
get  team/                                   -   -    -   y   y    -    -    -   -    -  -  -    -   -    -   -    -   >
get  docks/                                  -   -    -   y   y    -    -    -   -    -  y  -    -   -    -   -    y   >
get  docks/mine/                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   >
get  docks/open/                             y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
get  docks/<path:name>/screen/               -   -    -   y   y    -    -    -   -    -  y  -    -   -    -   -    y   >
get  docks/<path:name>/screen/bays/          -   -    -   y   y    -    -    -   -    -  y  -    -   -    -   -    y   >
get  search/                                 y   y    y   y   y    y    y    y   y    y  y  y    y   y    -   -    -   >
get  shared/open                             y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
post shared/open                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shared/prove/                           -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post shared/prove/send/                      -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post shared/prove/check/                     -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shared/<ref:reference>/                 -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shared/<ref:reference>/receipt/         -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shares/<ref:reference>/receipt/         -   -    -   -   -    y    -    y   y    y  -  y    -   -    -   -    -   >
post shared/<ref:reference>/package/         -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shared/<ref:reference>/package/state/   -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post shared/<ref:reference>/package/take/    -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shared/<ref:reference>/package/<uuid:viewing>/
                                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shared/<ref:reference>/state/           -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post shared/<ref:reference>/write/           -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post shared/<ref:reference>/more/            -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shared/<ref:reference>/more/asked/      -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shared/<ref:reference>/<int:number>/    -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shared/<ref:reference>/<int:number>/facts/
                                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post shared/<ref:reference>/<int:number>/play/
                                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post shared/<ref:reference>/<int:number>/write/
                                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post shared/<ref:reference>/<int:number>/download/
                                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shared/<ref:reference>/<int:number>/<uuid:viewing>/file/
                                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shared/<ref:reference>/<int:number>/<uuid:viewing>/<str:letter>/<int:file>/
                                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  requests/                               -   -    -   -   -    y    y    y   y    -  -  -    -   -    -   -    -   >
get  requests/new/                           -   -    -   -   -    y    y    y   y    -  -  -    -   -    -   -    -   >
post requests/new/                           -   -    -   -   -    p    p    p   p    -  -  -    -   -    -   -    -   >
get  requests/<request:reference>/           -   -    -   -   -    y    -    y   y    -  -  -    -   -    -   -    -   >
post requests/<request:reference>/revoke/    -   -    -   -   -    p    -    p   p    -  -  -    -   -    -   -    -   >
post requests/<request:reference>/renew/     -   -    -   -   -    p    -    p   p    -  -  -    -   -    -   -    -   >
post requests/<request:reference>/accept/<int:quarantine>/
                                             -   -    -   -   -    p    -    p   p    -  -  -    -   -    -   -    -   >
get  give/open                               y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
get  give/prove/                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post give/prove/send/                        -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post give/prove/check/                       -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  give/<request:reference>/               -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post give/<request:reference>/send/          -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  give/<request:reference>/files/         -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post give/<request:reference>/files/         -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post give/<request:reference>/files/<uuid:upload>/parts/
                                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post give/<request:reference>/files/<uuid:upload>/complete/
                                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
post give/<request:reference>/files/<uuid:upload>/leave-out/
                                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   -
get  shares/                                 -   -    -   -   -    y    y    y   y    y  -  y    -   -    -   -    -   >
post shares/                                 -   -    -   -   -    p    p    p   p    p  -  p    -   -    -   -    -   >
get  shares/new/                             -   -    -   -   -    y    y    y   y    -  -  y    -   -    -   -    -   >
post shares/new/                             -   -    -   -   -    p    p    p   p    -  -  p    -   -    -   -    -   >
get  shares/people/                          -   -    -   -   -    y    y    y   y    -  -  y    -   -    -   -    -   >
post shares/people/                          -   -    -   -   -    p    p    p   p    -  -  p    -   -    -   -    -   >
get  shares/people/new/                      -   -    -   -   -    y    y    y   y    -  -  y    -   -    -   -    -   >
post shares/people/new/                      -   -    -   -   -    p    p    p   p    -  -  p    -   -    -   -    -   >
get  shares/people/<int:contact>/            -   -    -   -   -    y    y    y   y    -  -  y    -   -    -   -    -   >
post shares/people/<int:contact>/            -   -    -   -   -    p    p    p   p    -  -  p    -   -    -   -    -   >
get  shares/<ref:reference>/                 -   -    -   -   -    y    -    y   y    y  -  y    -   -    -   -    -   >
get  shares/<ref:reference>/extend/          -   -    -   -   -    y    -    y   y    -  -  y    -   -    -   -    -   >
post shares/<ref:reference>/extend/          -   -    -   -   -    p    -    p   p    -  -  p    -   -    -   -    -   >
get  shares/<ref:reference>/narrow/<int:number>/
                                             -   -    -   -   -    y    -    y   y    y  -  y    -   -    -   -    -   >
post shares/<ref:reference>/narrow/<int:number>/
                                             -   -    -   -   -    p    -    p   p    p  -  p    -   -    -   -    -   >
get  shares/<ref:reference>/revoke/          -   -    -   -   -    y    -    y   y    y  -  y    -   -    -   -    -   >
post shares/<ref:reference>/revoke/          -   -    -   -   -    p    -    p   p    p  -  p    -   -    -   -    -   >
post shares/<ref:reference>/send/            -   -    -   -   -    p    -    p   p    -  -  p    -   -    -   -    -   >
get  shares/<ref:reference>/again/           -   -    -   -   -    y    -    y   y    -  -  y    -   -    -   -    -   >
post shares/<ref:reference>/again/           -   -    -   -   -    p    -    p   p    -  -  p    -   -    -   -    -   >
get  shares/<ref:reference>/decide/          -   -    -   -   -    -    -    y   y    y  -  -    -   -    -   -    -   >
post shares/<ref:reference>/decide/          -   -    -   -   -    -    -    p   p    p  -  -    -   -    -   -    -   >
get  shares/<ref:reference>/take-over/       -   -    -   -   -    y    -    y   y    -  -  y    -   -    -   -    -   >
post shares/<ref:reference>/take-over/       -   -    -   -   -    p    -    p   p    -  -  p    -   -    -   -    -   >
post shares/<ref:reference>/answer/          -   -    -   -   -    p    -    p   p    -  -  p    -   -    -   -    -   >
get  audit/                                  -   -    -   -   -    -    -    -   -    -  -  -    -   -    y   -    -   >
get  audit/recordings/                       -   -    -   -   -    -    -    -   -    -  -  -    -   -    y   -    -   >
post audit/recordings/                       -   -    -   -   -    -    -    -   -    -  -  -    -   -    p   -    -   >
get  audit/recordings/<str:subject>/         -   -    -   -   -    -    -    -   -    -  -  -    -   -    y   -    -   >
post audit/recordings/<str:subject>/csv/     -   -    -   -   -    -    -    -   -    -  -  -    -   -    p   -    -   >
get  cases/                                  y   y    y   y   y    y    y    y   y    y  -  y    -   -    -   -    -   >
post cases/                                  p   p    p   p   p    p    p    p   p    p  -  p    -   -    -   -    -   >
get  cases/new/                              -   -    -   -   -    y    y    y   y    -  -  -    -   -    -   -    -   >
post cases/new/                              -   -    -   -   -    p    p    p   p    -  -  -    -   -    -   -    -   >
post cases/link/                             -   -    -   -   -    p    p    p   p    -  -  -    -   -    -   -    -   >
get  cases/<urn:urn>/                        y   -    -   y   -    y    -    y   y    y  -  y    -   -    -   -    -   >
get  cases/<urn:urn>/change/                 -   -    -   -   -    y    -    y   y    -  -  -    -   -    -   -    -   >
get  cases/<urn:urn>/court/                  -   -    -   -   -    y    -    y   y    -  -  -    -   -    -   -    -   >
get  cases/<urn:urn>/team/                   -   -    -   -   -    y    -    y   y    -  -  -    -   -    -   -    -   >
get  cases/<urn:urn>/team/<int:member>/      -   -    -   -   -    y    -    y   y    -  -  -    -   -    -   -    -   >
get  cases/<urn:urn>/find/                   -   -    -   -   -    y    -    y   y    -  -  -    -   -    -   -    -   >
get  cases/<urn:urn>/unlink/<ref:reference>/ -   -    -   -   -    y    -    y   y    -  -  -    -   -    -   -    -   >
get  cases/<urn:urn>/release/                -   -    -   -   -    y    -    y   y    -  -  -    -   -    -   -    -   >
post cases/<urn:urn>/change/                 -   -    -   -   -    p    -    p   p    -  -  -    -   -    -   -    -   >
post cases/<urn:urn>/find/                   -   -    -   -   -    p    -    p   p    -  -  -    -   -    -   -    -   >
post cases/<urn:urn>/unlink/<ref:reference>/ -   -    -   -   -    p    -    p   p    -  -  -    -   -    -   -    -   >
post cases/<urn:urn>/release/                -   -    -   -   -    p    -    p   p    -  -  -    -   -    -   -    -   >
post cases/<urn:urn>/court/<int:day>/        -   -    -   -   -    p    -    p   p    -  -  -    -   -    -   -    -   >
get  audit/people/                           -   -    -   -   -    -    -    -   -    -  -  -    -   -    y   -    -   >
post audit/people/                           -   -    -   -   -    -    -    -   -    -  -  -    -   -    p   -    -   >
get  audit/people/<str:person>/              -   -    -   -   -    -    -    -   -    -  -  -    -   -    y   -    -   >
post audit/people/<str:person>/csv/          -   -    -   -   -    -    -    -   -    -  -  -    -   -    p   -    -   >
get  audit/unusual/                          -   -    -   -   -    -    -    -   -    -  -  -    -   -    y   -    -   >
get  audit/unusual/<int:unusual>/            -   -    -   -   -    -    -    -   -    -  -  -    -   -    y   -    -   >
post audit/unusual/<int:unusual>/            -   -    -   -   -    -    -    -   -    -  -  -    -   -    p   -    -   >
get  retention/rules/                        -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  retention/rules/<slug:code>/            -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  retention/rules/<slug:code>/propose/    -   -    -   -   -    -    -    -   -    -  y  -    -   -    -   -    -   >
post retention/rules/<slug:code>/propose/    -   -    -   -   -    -    -    -   -    -  p  -    -   -    -   -    -   >
get  retention/rules/<slug:code>/decide/     -   -    -   -   -    -    -    -   -    y  y  -    -   -    -   -    -   >
post retention/rules/<slug:code>/decide/     -   -    -   -   -    -    -    -   -    p  p  -    -   -    -   -    -   >
get  retention/rules/<slug:code>/held/       -   -    -   -   -    -    -    -   -    -  y  -    -   -    -   -    -   >
post retention/rules/<slug:code>/held/       -   -    -   -   -    -    -    -   -    -  p  -    -   -    -   -    -   >
get  retention/rules/<slug:code>/held/decide/
                                             -   -    -   -   -    -    -    -   -    y  y  -    -   -    -   -    -   >
post retention/rules/<slug:code>/held/decide/
                                             -   -    -   -   -    -    -    -   -    p  p  -    -   -    -   -    -   >
get  retention/groups/<ref:reference>/       -   -    -   -   -    -    -    -   -    -  y  -    -   -    -   -    -   >
post retention/groups/<ref:reference>/       -   -    -   -   -    -    -    -   -    -  p  -    -   -    -   -    -   >
get  fixity/                                 -   -    -   -   -    -    -    y   y    -  y  -    -   -    y   -    y   >
get  fixity/<int:damage>/                    -   -    -   -   -    -    -    y   y    -  y  -    -   -    y   -    y   >
post fixity/<int:damage>/again/              -   -    -   -   -    -    -    p   p    -  p  -    -   -    p   -    p   >
post fixity/<int:damage>/lift/               -   -    -   -   -    -    -    p   p    -  p  -    -   -    -   -    -   >
get  samples/                                -   -    -   y   y    -    -    y   y    y  -  -    -   -    -   -    -   >
get  samples/new/                            -   -    -   -   -    -    -    y   y    y  -  -    -   -    -   -    -   >
post samples/new/                            -   -    -   -   -    -    -    p   p    p  -  -    -   -    -   -    -   >
get  samples/learning/                       -   -    -   y   y    -    -    y   y    y  -  -    -   -    -   -    -   >
get  samples/concerns/                       -   -    -   -   -    -    -    y   y    -  -  -    -   -    -   -    -   >
get  samples/<sample:plan>/                  -   -    -   y   y    -    -    y   y    y  -  -    -   -    -   -    -   >
get  samples/<sample:plan>/proof/            -   -    -   y   y    -    -    y   y    y  -  -    -   -    -   -    -   >
get  samples/<sample:plan>/csv/              -   -    -   y   y    -    -    y   y    y  -  -    -   -    -   -    -   >
post samples/<sample:plan>/draw/             -   -    -   -   -    -    -    p   p    p  -  -    -   -    -   -    -   >
post samples/<sample:plan>/export/           -   -    -   -   -    -    -    p   p    p  -  -    -   -    -   -    -   >
get  samples/<sample:plan>/session/          -   -    -   -   -    -    -    y   y    y  -  -    -   -    -   -    -   >
get  samples/sessions/<sample:session>/      -   -    -   -   -    -    -    y   y    y  -  -    -   -    -   -    -   >
post samples/sessions/<sample:session>/close/
                                             -   -    -   -   -    -    -    p   p    p  -  -    -   -    -   -    -   >
get  samples/<sample:plan>/<number:item>/    -   -    -   y   -    -    -    y   y    y  -  -    -   -    -   -    -   >
post samples/<sample:plan>/<number:item>/review/
                                             -   -    -   p   -    -    -    p   p    -  -  -    -   -    -   -    -   >
post samples/<sample:plan>/<number:item>/skip/
                                             -   -    -   p   -    -    -    p   p    -  -  -    -   -    -   -    -   >
post samples/<sample:plan>/<number:item>/debrief/
                                             -   -    -   p   -    -    -    p   p    -  -  -    -   -    -   -    -   >
get  retention/                              -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  retention/batches/                      -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  retention/disposed/                     -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  retention/due/<int:rule>/               -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  retention/due/<int:rule>/propose/       -   -    -   -   -    -    -    -   -    -  y  -    -   -    -   -    -   >
post retention/due/<int:rule>/propose/       -   -    -   -   -    -    -    -   -    -  p  -    -   -    -   -    -   >
get  retention/<batch:batch>/                -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
post retention/<batch:batch>/decide/         -   -    -   -   -    -    -    -   -    p  p  -    -   -    -   -    -   >
post retention/<batch:batch>/restore/        -   -    -   -   -    -    -    p   p    p  p  -    -   -    -   -    -   >
post retention/<batch:batch>/restore/<int:item>/
                                             -   -    -   -   -    -    -    p   p    p  p  -    -   -    -   -    -   >
post retention/<batch:batch>/again/          -   -    -   -   -    -    -    -   -    -  p  -    -   -    -   -    -   >
get  retention/<batch:batch>/certificate/    -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  panel/                                  -   -    -   -   -    -    -    -   -    -  -  -    y   y    -   -    -   >
get  panel/<sample:session>/                 -   -    -   -   -    -    -    -   -    -  -  -    y   -    -   -    -   >
get  panel/<sample:session>/choose/          -   -    -   -   -    -    -    -   -    -  -  -    y   -    -   -    -   >
get  panel/<sample:session>/<number:item>/   -   -    -   -   -    -    -    -   -    -  -  -    y   -    -   -    -   >
post panel/<sample:session>/<number:item>/   -   -    -   -   -    -    -    -   -    -  -  -    p   -    -   -    -   >
post panel/<sample:session>/<number:item>/play/
                                             -   -    -   -   -    -    -    -   -    -  -  -    p   -    -   -    -   >
get  panel/<sample:session>/<number:item>/facts/
                                             -   -    -   -   -    -    -    -   -    -  -  -    y   -    -   -    -   >
get  footage/<ref:reference>/clip/           y   -    -   -   -    y    -    y   y    -  -  -    -   -    -   -    -   >
get  cases/<urn:urn>/exhibits/               y   -    -   y   -    y    -    y   y    y  -  y    -   -    -   -    -   >
get  cases/<urn:urn>/exhibits/<mark:mark>/   y   -    -   y   -    y    -    y   y    y  -  y    -   -    -   -    -   >
get  cases/<urn:urn>/exhibits/<mark:mark>/status/
                                             y   -    -   y   -    y    -    y   y    y  -  y    -   -    -   -    -   >
post cases/<urn:urn>/exhibits/<mark:mark>/play/
                                             p   -    -   p   -    p    -    p   p    p  -  p    -   -    -   -    -   >
get  cases/<urn:urn>/exhibits/<mark:mark>/facts/
                                             y   -    -   y   -    y    -    y   y    y  -  y    -   -    -   -    -   >
post cases/<urn:urn>/exhibits/<mark:mark>/download/
                                             -   -    -   p   -    p    -    p   p    -  -  p    -   -    -   -    -   >
post cases/<urn:urn>/exhibits/<mark:mark>/check/
                                             p   -    -   -   -    p    -    p   p    -  -  -    -   -    -   -    -   >
get  cases/<urn:urn>/exhibits/<mark:mark>/withdraw/
                                             y   -    -   -   -    y    -    y   y    -  -  -    -   -    -   -    -   >
get  cases/<urn:urn>/exhibits/<mark:mark>/again/
                                             y   -    -   -   -    y    -    y   y    -  -  -    -   -    -   -    -   >
get  cases/<urn:urn>/papers/                 -   -    -   -   -    y    -    y   y    -  -  y    -   -    -   -    -   >
post cases/<urn:urn>/papers/<paper:kind>/<format:wanted>/
                                             -   -    -   -   -    p    -    p   p    -  -  p    -   -    -   -    -   >
get  cases/<urn:urn>/disclosure/<item:key>/  -   -    -   -   -    y    -    y   y    -  -  y    -   -    -   -    -   >
get  notices/                                y   y    y   y   y    y    y    y   y    y  y  y    -   -    -   -    -   >
get  notices/<int:notice>/                   y   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   >
get  custody/policy                          y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
get  custody/checkpoint                      y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
get  healthz                                 y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
get  readyz                                  y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
get  metrics                                 y   y    y   y   y    y    y    y   y    y  y  y    y   y    y   y    y   y
get  accounting/                             -   -    -   -   -    -    -    y   y    -  y  -    -   -    y   -    y   >
post accounting/count/                       -   -    -   -   -    -    -    p   p    -  p  -    -   -    p   -    p   >
get  storage/                                -   -    -   -   -    -    -    y   y    -  y  -    -   -    y   -    y   >
get  moving/                                 -   -    -   -   -    -    -    -   -    y  y  -    -   -    -   -    -   >
post moving/agree/                           -   -    -   -   -    -    -    -   -    p  p  -    -   -    -   -    -   >
"""

# The admin by model: its list and the page of the object; `+`: may add besides.
ADMIN = """
                                             own mate far sup sup2 case cas0 psd psdN aa em disc pan pan0 aud dock adm out
recordings.recording                         -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
recordings.category                          -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
recordings.incidenttype                      -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
recordings.grant                             -   -    -   -   -    -    -    -   -    y+ y+ -    -   -    -   -    -   >
recordings.restricted                        -   -    -   -   -    -    -    -   -    y  y  -    -   -    -   -    -   >
recordings.package                           -   -    -   -   -    -    -    y+  y+   -  -  -    -   -    -   -    -   >
retention.unassigned                         -   -    -   -   -    -    -    y   y    -  y  -    -   -    -   -    -   >
retention.hold                               -   -    -   -   -    -    -    y   -    y  y  -    -   -    -   -    -   >
cases.case                                   -   -    -   -   -    -    -    y+  y+   y  -  -    -   -    -   -    -   >
complaints.complaint                         -   -    -   -   -    -    -    y+  -+   y  -  -    -   -    -   -    -   >
complaints.category                          -   -    -   -   -    -    -    y+  y+   y+ -  -    -   -    -   -    -   >
complaints.wording                           -   -    -   -   -    -    -    y+  y+   y+ -  -    -   -    -   -    -   >
complaints.question                          -   -    -   -   -    -    -    y+  y+   y+ -  -    -   -    -   -    -   >
complaints.template                          -   -    -   -   -    -    -    y+  y+   y+ -  -    -   -    -   -    -   >
complaints.rate                              -   -    -   -   -    -    -    y+  y+   y+ -  -    -   -    -   -    -   >
sharing.share                                -   -    -   -   -    -    -    y+  y+   y  -  -    -   -    -   -    -   >
sharing.domain                               -   -    -   -   -    -    -    y+  y+   -  -  -    -   -    -   -    -   >
sharing.contact                              -   -    -   -   -    -    -    y+  y+   -  -  -    -   -    -   -    -   >
sharing.basis                                -   -    -   -   -    -    -    y+  y+   -  -  -    -   -    -   -    -   >
custody.event                                -   -    -   -   -    -    -    -   -    -  -  -    -   -    y   -    -   >
custody.checkpoint                           -   -    -   -   -    -    -    -   -    -  -  -    -   -    y   -    -   >
custody.alarm                                -   -    -   -   -    -    -    y   y    -  y  -    -   -    y   -    y   >
uploads.upload                               -   -    -   -   -    -    -    y   y    -  y  -    -   -    -   -    y   >
uploads.quarantine                           -   -    -   -   -    -    -    y   y    -  y  -    -   -    -   -    y   >
accounting.price                             -   -    -   -   -    -    -    y   y    -  y+ -    -   -    y   -    y   >
accounting.coldrule                          -   -    -   -   -    -    -    y   y    -  y+ -    -   -    y   -    y   >
devices.camera                               -   -    -   -   -    -    -    y   y    -  y  -    -   -    -   -    y+  >
devices.dock                                 -   -    -   -   -    -    -    y   y    -  y  -    -   -    -   -    y+  >
devices.issue                                -   -    -   -   -    -    -    y   y    -  y  -    -   -    -   -    y+  >
people.user                                  -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    y+  >
people.unit                                  -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    y+  >
"""

# The admin's acts and other pages of its own, by the object's page.
ACTS = """
                                             own mate far sup sup2 case cas0 psd psdN aa em disc pan pan0 aud dock adm out
get  recordings/recording/{recording}/custody/
                                             -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  recordings/recording/{recording}/custody/report/
                                             -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
post recordings/recording/{recording}/custody/verify/
                                             -   -    -   -   -    -    -    p   p    p  p  -    -   -    -   -    -   >
get  recordings/recording/{recording}/custody/checks/{audit}/
                                             -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  recordings/recording/{recording}/history-of-custody/
                                             -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  recordings/recording/{recording}/restrict/
                                             -   -    -   -   -    -    -    y   y    y  y  -    -   -    -   -    -   >
get  recordings/grant/{grant}/end/           -   -    -   -   -    -    -    -   -    y  y  -    -   -    -   -    -   >
get  recordings/restricted/{restricted}/lift/ -  -    -   -   -    -    -    -   -    y  y  -    -   -    -   -    -   >
get  recordings/package/{package}/download/  -   -    -   -   -    -    -    y   y    -  -  -    -   -    -   -    -   >
post recordings/package/{package}/download/  -   -    -   -   -    -    -    p   p    -  -  -    -   -    -   -    -   >
get  uploads/quarantine/{quarantine}/accept/ -   -    -   -   -    -    -    y   y    -  y  -    -   -    -   -    -   >
get  uploads/quarantine/{quarantine}/again/  -   -    -   -   -    -    -    y   y    -  y  -    -   -    -   -    -   >
get  devices/dock/{dock}/code/               -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    y   >
get  devices/dock/{dock}/screen/             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    y   >
get  devices/dock/{dock}/revoke/             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    y   >
get  retention/hold/{hold}/release/          -   -    -   -   -    -    -    y   -    y  y  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/review/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
post complaints/complaint/{complaint}/review/notes/
                                             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    -   >
post complaints/complaint/{complaint}/review/notes/{note}/withdraw/
                                             -   -    -   -   -    -    -    p   -    -  -  -    -   -    -   -    -   >
post complaints/complaint/{complaint}/review/draft/
                                             -   -    -   -   -    -    -    p   -    p  -  -    -   -    -   -    -   >
post complaints/complaint/{complaint}/review/{reference}/play/
                                             -   -    -   -   -    -    -    p   -    p  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/review/{reference}/facts/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/record/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/officers/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/holds/ -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/allegations/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/handling/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/referral/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/findings/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/body/  -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/outcome/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/measures/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/reviews/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/close/ -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/statistics/        -   -    -   -   -    -    -    y   y    y  -  -    -   -    -   -    -   >
post complaints/complaint/statistics/{figure}/csv/
                                             -   -    -   -   -    -    -    p   p    p  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/letters/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/letters/new/{code}/
                                             -   -    -   -   -    -    -    y   -    -  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/letters/{letter}/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
post complaints/complaint/{complaint}/letters/{letter}/
                                             -   -    -   -   -    -    -    p   -    -  -  -    -   -    -   -    -   >
post complaints/complaint/{complaint}/letters/{letter}/pdf/
                                             -   -    -   -   -    -    -    p   -    p  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/told/  -   -    -   -   -    -    -    y   -    -  -  -    -   -    -   -    -   >
post complaints/complaint/{complaint}/told/  -   -    -   -   -    -    -    p   -    -  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/costs/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
post complaints/complaint/{complaint}/costs/
                                             -   -    -   -   -    -    -    p   -    p  -  -    -   -    -   -    -   >
get  complaints/complaint/{complaint}/report/
                                             -   -    -   -   -    -    -    y   -    y  -  -    -   -    -   -    -   >
post complaints/complaint/{complaint}/report/
                                             -   -    -   -   -    -    -    p   -    p  -  -    -   -    -   -    -   >
get  people/user/{user}/link/                -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    y   >
get  people/user/{user}/factors/             -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    y   >
get  people/user/{user}/sessions/            -   -    -   -   -    -    -    -   -    -  -  -    -   -    -   -    y   >
"""


def rows(table: str) -> dict[str, dict[str, str]]:
    """Route (with its method where it has one) to the answer of each; head and cells agree."""
    found: dict[str, dict[str, str]] = {}
    waiting = ""
    for line in table.strip().splitlines():
        words = (waiting + " " + line).split()
        waiting = ""
        if words == WHO:
            continue
        if len(words) < len(WHO):
            waiting = line
            continue
        head, cells = words[: -len(WHO)], words[-len(WHO) :]
        found[" ".join(head)] = dict(zip(WHO, cells, strict=True))
    return found
