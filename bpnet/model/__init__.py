"""What is trained: layers, the layout of their parameters, and pure functions of both."""

from .architecture import Architecture, resolved
from .gradient import BatchGradient, Gradients, gradient
from .layer import Layer
from .layout import Layout
from .model import Model
from .task import TARGET_KINDS, TASKS, checked_task, default_task

__all__ = [
    "TARGET_KINDS",
    "TASKS",
    "Architecture",
    "BatchGradient",
    "Gradients",
    "Layer",
    "Layout",
    "Model",
    "checked_task",
    "default_task",
    "gradient",
    "resolved",
]
