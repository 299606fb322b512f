export { CriRuntime } from './cri-runtime.js';
