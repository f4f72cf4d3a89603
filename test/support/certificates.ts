import 'reflect-metadata';

import { webcrypto } from 'node:crypto';

import * as x509 from '@peculiar/x509';

/** A certificate with its private key, both PEM. */
export interface Issued {
  certificate: string;
  key: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

type Keys = Awaited<ReturnType<typeof newKeys>>;
const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

const lifetime = () => ({ notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 86_400_000) });

async function pemOf({ privateKey }: Keys): Promise<string> {
  const text = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${(text.match(/.{1,64}/g) ?? []).join('\n')}\n-----END PRIVATE KEY-----\n`;
}

/** An authority for one day. */
export class TestAuthority {
  private constructor(
    private readonly keys: Keys,
    private readonly own: x509.X509Certificate,
  ) {}

  static async make(name: string): Promise<TestAuthority> {
    const keys = await newKeys();
    const extensions = [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ];
    const made = await x509.X509CertificateGenerator.createSelfSigned({
      ...lifetime(),
      name: `CN=${name}`,
      signingAlgorithm: algorithm,
      keys,
      extensions,
    });
    return new TestAuthority(keys, made);
  }

  get certificate(): string {
    return `${this.own.toString('pem')}\n`;
  }

  /** With `ip` a server's, else a client's. */
  async issue(subject: string, ip?: string): Promise<Issued> {
    const keys = await newKeys();
    const usage = ip === undefined ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth;
    const made = await x509.X509CertificateGenerator.create({
      ...lifetime(),
      subject: `CN=${subject}`,
      issuer: this.own.subject,
      publicKey: keys.publicKey,
      signingKey: this.keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        await x509.AuthorityKeyIdentifierExtension.create(this.own),
        ...(ip === undefined ? [] : [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: ip }])]),
      ],
    });
    return { certificate: `${made.toString('pem')}\n`, key: await pemOf(keys) };
  }
}
