"""The web app's entry point: `streamlit run app.py`, or `finetooth app`."""

from ui import shell

shell.run()
