from .talk import explore as explore
