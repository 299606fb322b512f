import { linkTo, linkToResource } from '../model/page-route.js';
import { menuSections } from './known-resources.js';

const clusterViews: readonly (readonly [title: string, place: string])[] = [
  ['Overview', ''],
  ['Topology', 'topology'],
  ['Charts', 'charts'],
  ['Events', 'events'],
  ['Nodes', 'nodes'],
  ['Store', 'store'],
  ['Apply YAML', 'apply'],
];

/** The way to every view. */
export function Menu({ route }: { readonly route: readonly string[] }) {
  const here = linkTo(...route);
  return (
    <nav class="menu" aria-label="Views">
      <Section title="Cluster">
        {clusterViews.map(([title, place]) => (
          <Entry
            key={place}
            title={title}
            link={place === '' ? '#/' : linkTo(place)}
            isHere={(route[0] ?? '') === place}
          />
        ))}
      </Section>
      {menuSections.map(({ title, lists }) => (
        <Section key={title} title={title}>
          {lists.map((list) => {
            const link = linkToResource(list.resource);
            return <Entry key={link} title={list.title} link={link} isHere={here === link} />;
          })}
        </Section>
      ))}
      <Section title="More">
        <Entry title="All resources" link={linkTo('kinds')} isHere={route[0] === 'kinds'} />
      </Section>
    </nav>
  );
}

function Section(props: { readonly title: string; readonly children: preact.ComponentChildren }) {
  return (
    <section>
      <h2>{props.title}</h2>
      <ul>{props.children}</ul>
    </section>
  );
}

function Entry(props: { readonly title: string; readonly link: string; readonly isHere: boolean }) {
  return (
    <li>
      <a href={props.link} aria-current={props.isHere ? 'page' : undefined}>
        {props.title}
      </a>
    </li>
  );
}
