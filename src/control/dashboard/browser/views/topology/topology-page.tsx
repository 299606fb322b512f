import { useState } from 'preact/hooks';
import { Tabs } from '../../components/tabs.js';
import { NamespacePicture } from './namespace-picture.js';
import { NodesPicture } from './nodes-picture.js';

/** The cluster as pictures: which pods are on which node, and what belongs to what. */
export function TopologyPage() {
  const [tab, setTab] = useState('Nodes');
  return (
    <section class="topology" aria-label="Topology">
      <header class="list-header">
        <h1>Topology</h1>
      </header>
      <Tabs label="Pictures" names={['Nodes', 'Workloads']} chosen={tab} onChoose={setTab} />
      {tab === 'Nodes' ? <NodesPicture /> : <NamespacePicture />}
    </section>
  );
}
