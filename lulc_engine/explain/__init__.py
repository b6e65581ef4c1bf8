"""What a model looks at: where in the image, in which bands, and what its layers hold."""
