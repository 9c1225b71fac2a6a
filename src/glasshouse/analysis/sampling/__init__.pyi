from .estimates import Estimate as Estimate
from .parts import SelfishParts as SelfishParts
from .parts import selfish_parts as selfish_parts
from .sensitivity import SampledSensitivity as SampledSensitivity
