from .draw import draw_figure as draw_figure
from .files import SavedFigure as SavedFigure
from .files import save_figure as save_figure
from .kinds import FIGURE_KINDS as FIGURE_KINDS
from .kinds import FigureKind as FigureKind
