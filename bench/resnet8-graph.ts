/** ResNet-8 with 8-bit weights and activations, trained as results/README.md tells. */
export const resnet8Graph = new URL('../results/graphs/resnet8-w8a8.safetensors', import.meta.url);
