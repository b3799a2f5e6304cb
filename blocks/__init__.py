"""What people see, in Block Kit. Pure: values in, blocks out."""
