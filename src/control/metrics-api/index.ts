/** metrics.k8s.io: what nodes and pods use, read from their kubelets. */
export { type MetricsApiOptions, metricsApi } from './metrics-api.js';
export { MetricsSource } from './metrics-source.js';
export { NodeScraper, type NodeScraperOptions } from './node-scraper.js';
export { type MetricsPlace, metricsServiceName, registerMetrics } from './register.js';
export { UsageBook } from './usage-book.js';
