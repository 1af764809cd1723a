"""Programs on NVIDIA's GPUs: the driver, memory on the device, runs. Nothing of CUDA is imported before it is used."""
