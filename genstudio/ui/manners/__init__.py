"""What a desktop expects of any program, one module for each manner."""
