const known = new Set<string>();

/** Remembers a secret value of this process, so that it is cut from every error and log line from now on. */
export function rememberSecret(value: string): void {
  if (value.length >= 6) known.add(value);
}

/** Cuts secrets: every value read from the secret store, and whatever follows PASSWORD or IDENTIFIED BY in a statement. */
export function redact(text: string): string {
  let result = text.replace(
    /((?:MASTER_|SOURCE_)?PASSWORD\s*=?\s*|IDENTIFIED\s+(?:WITH\s+\S+\s+)?(?:BY|AS)\s+)(PASSWORD\s+)?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")/gi,
    '$1***',
  );
  for (const secret of known) result = result.split(secret).join('***');
  return result;
}
