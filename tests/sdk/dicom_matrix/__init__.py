"""The matrix of ways to store a picture in a DICOM file, and what each must be read as."""
