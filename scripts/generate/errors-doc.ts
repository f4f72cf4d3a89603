import { errorCodes } from '../../schemas/error-codes';

/** docs/errors.md. */
export function errorsDoc(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, { meaning, remedy, retryable }]) => `| \`${code}\` | ${meaning} | ${remedy} | ${retryable ? 'yes' : 'no'} |`,
  );
  return `<!-- Generated from schemas/error-codes.ts by scripts/generate-schemas.ts. -->

# Error codes

Every failure of drydock carries one of these codes: it is the \`type\` of the failure in Temporal, \`code\` of a \`DrydockError\` in the
client, and what \`npx drydock --json\` prints. Beside it come a message and \`problems\`, each with the path where it was found. Codes are
never reused. The last column says whether the same request may succeed later without a change by a person.

| code | means | what to do | may pass |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}
