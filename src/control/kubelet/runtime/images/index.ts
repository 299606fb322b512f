export type { ImageSource } from './image-source.js';
export { ImageStore } from './image-store.js';
export { NodeImages } from './node-images.js';
