from .study import Study as Study
from .toml import read_study as read_study
