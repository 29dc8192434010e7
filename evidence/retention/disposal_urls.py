"""URLs of disposal. None says what was recorded or by whom."""

from django.urls import path

from evidence.retention import disposal_views, references  # noqa: F401

urlpatterns = [
    path("", disposal_views.due_list, name="due"),
    path("due/<int:rule>/", disposal_views.due_of_rule, name="due-of-rule"),
    path("due/<int:rule>/propose/", disposal_views.propose, name="due-propose"),
    path("batches/", disposal_views.batches, name="batches"),
    path("disposed/", disposal_views.disposed, name="disposed"),
    path("<batch:batch>/", disposal_views.batch, name="batch"),
    path("<batch:batch>/decide/", disposal_views.decide, name="batch-decide"),
    path("<batch:batch>/restore/", disposal_views.restore, name="batch-restore"),
    path("<batch:batch>/restore/<int:item>/", disposal_views.restore_one, name="batch-restore-one"),
    path("<batch:batch>/again/", disposal_views.again, name="batch-again"),
    path("<batch:batch>/certificate/", disposal_views.paper, name="batch-certificate"),
]
