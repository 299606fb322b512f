export {
  baseImageName,
  baseImages,
  type MultiCallProgram,
  pauseImageName,
} from './base-images.js';
export {
  imageLayout,
  type LayoutFile,
  layoutArchive,
  type NewImage,
} from './image-layout.js';
