from .experiment import forecast_challenge as forecast_challenge
from .experiment import run_challenge as run_challenge
from .scores import ChallengeFindings as ChallengeFindings
from .scores import ChallengeTrial as ChallengeTrial
from .scores import Score as Score
from .settings import Challenge as Challenge
from .settings import Forecast as Forecast
from .settings import Forecasts as Forecasts
