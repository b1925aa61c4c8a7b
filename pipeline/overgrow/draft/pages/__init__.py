"""The files of a draft, each as a text that knows the lines of what it says; pure. Called by `draft.draft`."""
