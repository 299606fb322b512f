import type { PageFile } from './server/page-file.js';

/** The web page at /dashboard: its files, and what it asks about the store. */
export { type PageFile, pageRoot } from './server/page-file.js';
export { servePage } from './server/serve-page.js';
export type { StoreExchange } from './store/exchange.js';
export { addStoreRoutes, storeWatchPath } from './store/store-routes.js';

/** Reads the files of the page, by path. What does so is loaded by who asks: it finds them by where it lies itself. */
export async function loadPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = await import('./server/page-files.js');
  return files.loadPageFiles();
}
