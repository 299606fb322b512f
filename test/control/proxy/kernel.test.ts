import { IptablesBackend } from '../../../src/control/proxy/iptables/iptables-backend.js';
import { NftablesBackend } from '../../../src/control/proxy/nftables/nftables-backend.js';
import { kernelContract } from './kernel-contract.js';

kernelContract('NftablesBackend', ['nft'], (run, family) => new NftablesBackend({ run, family }), {
  servesLoopback: false,
});
kernelContract(
  'IptablesBackend',
  ['nft', 'iptables-restore', 'ip6tables-restore'],
  (run, family) => new IptablesBackend({ run, family }),
  { servesLoopback: true },
);
