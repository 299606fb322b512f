import { resources, type SharedInformers } from '../../../client/index.js';
import { DevicePools } from './device-pools.js';

/** The pools of devices as they are: read from all slices once after a change. */
export function followPools(informers: SharedInformers): () => DevicePools {
  const slices = informers.of(resources.resourceSlices);
  let pools: DevicePools | null = null;
  const onChange = () => {
    pools = null;
  };
  slices.addHandler({ onAdd: onChange, onUpdate: onChange, onDelete: onChange });
  return () => {
    pools ??= new DevicePools(slices.lister.all());
    return pools;
  };
}
