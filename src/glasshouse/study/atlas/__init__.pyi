from .folder import write_atlas as write_atlas
from .settings import AtlasSettings as AtlasSettings
