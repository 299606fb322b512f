import { useState } from 'preact/hooks';
import { Tabs } from '../../components/tabs.js';
import { Keys } from './keys.js';
import { Leases } from './leases.js';
import { Members } from './members.js';

/** The store below the API: who its members are, and what is in it. For reading only. */
export function StorePage() {
  const [tab, setTab] = useState('Members');
  return (
    <section class="list" aria-label="Store">
      <header class="list-header">
        <h1>Store</h1>
      </header>
      <Tabs label="Parts" names={['Members', 'Keys', 'Leases']} chosen={tab} onChoose={setTab} />
      {tab === 'Members' && <Members />}
      {tab === 'Keys' && <Keys />}
      {tab === 'Leases' && <Leases />}
    </section>
  );
}
