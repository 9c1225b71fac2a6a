from .setting import PreparedTraining as PreparedTraining
from .setting import check_training as check_training
from .spec import TrainingStudy as TrainingStudy
from .store import train_study as train_study
