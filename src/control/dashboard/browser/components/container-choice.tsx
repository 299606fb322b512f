/** Which of a pod's containers. */
export function ContainerChoice(props: {
  readonly names: readonly string[];
  readonly chosen: string;
  readonly onChange: (name: string) => void;
}) {
  return (
    <label>
      Container{' '}
      <select value={props.chosen} onChange={(event) => props.onChange(event.currentTarget.value)}>
        {props.names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
