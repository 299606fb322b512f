export type { ImageSource } from './image-source.js';
export { ImageStore } from './image-store.js';
export { NodeImages } from './node-images.js';
export type { RegistryMirrors } from './registry/registry-endpoint.js';
export { RegistryImages, type RegistryImagesParts } from './registry/registry-images.js';
