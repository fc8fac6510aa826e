"""The rules that hold for every brand. Pure: no input or output, no waiting, no reading of a clock."""
