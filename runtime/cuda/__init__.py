"""Programs on NVIDIA's GPUs: the driver, memory on the device, and runs."""
