import { webClients } from './clients.js';
import { webContract } from './contract.js';

for (const client of webClients) webContract(client);
