/** A secret that is shorter is none: it would be found in every other word. */
const shortest = 6;
/** By their first characters, so that a text is read once however many secrets there are; those of 200 clusters are a thousand. */
const known = new Map<string, string[]>();

/** Remembers a secret value of this process, so that it is cut from every error and log line from now on. */
export function rememberSecret(value: string): void {
  if (value.length < shortest) return;
  const beginning = value.slice(0, shortest);
  const same = known.get(beginning) ?? [];
  // The longest first: one may begin with another.
  if (!same.includes(value))
    known.set(
      beginning,
      [...same, value].sort((one, other) => other.length - one.length),
    );
}

/** Cuts secrets: every value read from the secret store, and whatever follows PASSWORD or IDENTIFIED BY in a statement. */
export function redact(text: string): string {
  const plain = text.replace(
    /((?:MASTER_|SOURCE_)?PASSWORD\s*=?\s*|IDENTIFIED\s+(?:WITH\s+\S+\s+)?(?:BY|AS)\s+)(PASSWORD\s+)?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")/gi,
    '$1***',
  );
  return known.size === 0 ? plain : cutKnown(plain);
}

function cutKnown(text: string): string {
  let result = '';
  let from = 0;
  for (let at = 0; at + shortest <= text.length; at++) {
    const secret = known.get(text.slice(at, at + shortest))?.find((each) => text.startsWith(each, at));
    if (secret === undefined) continue;
    result += `${text.slice(from, at)}***`;
    from = at + secret.length;
    at = from - 1;
  }
  return result + text.slice(from);
}
