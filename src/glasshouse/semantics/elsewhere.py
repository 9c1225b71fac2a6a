"""Names that were here in earlier versions: boxes and channels."""

from glasshouse.channels.base import AbstractAccess as AbstractAccess
from glasshouse.channels.base import AbstractChannel as AbstractChannel
from glasshouse.channels.base import Views as Views
from glasshouse.channels.box import Box as Box
from glasshouse.channels.full import Full as Full
from glasshouse.channels.misreport import Decoupled as Decoupled
from glasshouse.channels.misreport import Misreport as Misreport
from glasshouse.channels.misreport import Misreported as Misreported
from glasshouse.channels.misreport import Reported as Reported
from glasshouse.channels.partial import Mask as Mask
from glasshouse.channels.partial import OneSided as OneSided
from glasshouse.channels.uncertain import Noisy as Noisy
from glasshouse.channels.uncertain import Probabilistic as Probabilistic
