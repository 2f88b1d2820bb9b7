// Lets a library whose list is empty still be built.
