from .margins import Sensitivity as Sensitivity
from .margins import margin_by_reader as margin_by_reader
from .margins import sensitivity as sensitivity
from .paths import SensitivityPath as SensitivityPath
from .paths import sensitivity_path as sensitivity_path
