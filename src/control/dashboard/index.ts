/** The web page at /dashboard: its files, and what it asks about the store. */
export { loadPageFiles, type PageFile, pageRoot } from './server/page-files.js';
export { servePage } from './server/serve-page.js';
export type { StoreExchange } from './store/exchange.js';
export { addStoreRoutes, storeWatchPath } from './store/store-routes.js';
