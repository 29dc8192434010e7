"""Below /retention/rules/."""

from django.urls import path

from evidence.retention.policies import views

urlpatterns = [
    path("", views.every, name="rules"),
    path("<slug:code>/", views.one, name="rule"),
    path("<slug:code>/propose/", views.propose, name="rule-propose"),
    path("<slug:code>/decide/", views.decide, name="rule-decide"),
    path("<slug:code>/held/", views.propose_held, name="rule-held"),
    path("<slug:code>/held/decide/", views.decide_held, name="rule-held-decide"),
]
