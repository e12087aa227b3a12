"""An exercise -> an app that passes it, out. Look here last."""
