from .draw import draw_figure as draw_figure
from .files import SavedFigure as SavedFigure
from .files import save_figure as save_figure
from .film import SavedAnimation as SavedAnimation
from .film import save_animation as save_animation
from .motion import animate as animate
