"""The form of each act on a complaint. Forms read and check; the acts decide."""

from evidence.complaints.admin.forms.base import ActForm, SureForm
from evidence.complaints.admin.forms.deciding import (
    DecideForm,
    MeasureDoneForm,
    MeasureForm,
    ProposeForm,
    ReviewDecisionForm,
    ReviewForm,
)
from evidence.complaints.admin.forms.handling import (
    AllegeForm,
    AnswerForm,
    BodyForm,
    HandForm,
    IncidentForm,
    ReferForm,
    ReferralAnswerForm,
    WithdrawForm,
)
from evidence.complaints.admin.forms.record import (
    AddForm,
    OfficersForm,
    RecordForm,
    ReleaseForm,
    ServeForm,
    UnnameForm,
)

__all__ = [
    "ActForm",
    "AddForm",
    "AllegeForm",
    "AnswerForm",
    "BodyForm",
    "DecideForm",
    "HandForm",
    "IncidentForm",
    "MeasureDoneForm",
    "MeasureForm",
    "OfficersForm",
    "ProposeForm",
    "RecordForm",
    "ReferForm",
    "ReferralAnswerForm",
    "ReleaseForm",
    "ReviewDecisionForm",
    "ReviewForm",
    "ServeForm",
    "SureForm",
    "UnnameForm",
    "WithdrawForm",
]
