// A bank to try the gateway with, never a real bank: docs/connect-a-bank.md has the steps.
//
// The authorisation server is the package oidc-provider (FAPI 1.0 Advanced, hybrid flow, signed request
// objects, private_key_jwt, access tokens bound to the client certificate). Beside it are the domestic
// payments of UK Open Banking 3.1.11, with signatures both ways. A restart forgets everything.

import crypto from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import { exportJWK, flattenedVerify, FlattenedSign, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

const ISSUER = "https://localhost:8443"; // for the payer's browser
const API = "https://localhost:8444"; // for the gateway, which must show its client certificate
const PAYMENTS = "/open-banking/v3.1/pisp";
const CLIENT_ID = "example-tpp";
const REDIRECT_URI = "http://localhost:8000/callback"; // with any port (RFC 8252, section 7.3)
const SCA = "urn:openbanking:psd2:sca";
const TRUST_ANCHOR = "openbanking.org.uk";
const [IAT, ISS, TAN] = ["iat", "iss", "tan"].map((claim) => `http://openbanking.org.uk/${claim}`);
const CRITICAL = { [IAT]: true, [ISS]: true, [TAN]: true };

// The provider as it registered at the bank: its QSealC signs, its QWAC connects.
const seal = new crypto.X509Certificate(fs.readFileSync("my-banks/gb/certificates/qseal.pem"));
const sealKey = { ...(await exportJWK(seal.publicKey)), kid: "qseal", alg: "PS256", use: "sig" };
const organisation = /PSD[A-Z]{2}-[A-Z]{2,8}-\S+/.exec(seal.subject)[0];

// The bank's signing key, another one after each start.
const { privateKey } = await generateKeyPair("PS256", { extractable: true });
const bankKey = { ...(await exportJWK(privateKey)), kid: crypto.randomUUID(), alg: "PS256", use: "sig" };

const consents = new Map();
const payments = new Map();
const created = new Map(); // by x-idempotency-key

// ---- Authorisation server ----

const provider = new Provider(ISSUER, {
  clients: [{
    client_id: CLIENT_ID,
    application_type: "native", // a web client may not return to http://localhost
    redirect_uris: [REDIRECT_URI],
    response_types: ["code id_token"],
    grant_types: ["authorization_code", "implicit", "client_credentials"],
    scope: "openid payments",
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "PS256",
    id_token_signed_response_alg: "PS256",
    request_object_signing_alg: "PS256",
    tls_client_certificate_bound_access_tokens: true,
    jwks: { keys: [sealKey] },
  }],
  jwks: { keys: [bankKey] },
  scopes: ["openid", "payments"],
  acrValues: [SCA],
  claims: { openid: ["sub", "openbanking_intent_id"], acr: null },
  responseTypes: ["code id_token"],
  clientAuthMethods: ["private_key_jwt"],
  enabledJWA: {
    clientAuthSigningAlgValues: ["PS256"], idTokenSigningAlgValues: ["PS256"], requestObjectSigningAlgValues: ["PS256"],
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    claimsParameter: { enabled: true },
    fapi: { enabled: true, profile: "1.0 Final" },
    requestObjects: { enabled: true, requireSignedRequestObject: true },
    mTLS: { enabled: true, certificateBoundAccessTokens: true, getCertificate: (ctx) => certificate(ctx.req) },
  },
  interactions: { url: (_, interaction) => `/approve/${interaction.uid}` },
  // The payer approves each payment, also in a session that has approved another one.
  loadExistingGrant: (ctx) => {
    const grantId = ctx.oidc.result?.consent?.grantId;
    return grantId && provider.Grant.find(grantId);
  },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: (_use, _scope, claims) => ({ sub, openbanking_intent_id: claims.openbanking_intent_id?.value }),
  }),
  cookies: { keys: [crypto.randomUUID()] },
  ttl: { AccessToken: 900, ClientCredentials: 600, Grant: 900, IdToken: 300, Interaction: 900, Session: 900 },
});
provider.on("server_error", (_, error) => console.error(error));
provider.use(async (ctx, next) => {
  await next();
  if (ctx.oidc?.route === "discovery") ctx.body.token_endpoint = `${API}/token`;
});
const authorisationServer = provider.callback();

/** The provider's certificate, if the bank trusts it. */
const certificate = ({ socket }) => (socket.authorized ? socket.getPeerX509Certificate() : undefined);

// ---- The payer's page ----

const escaped = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

async function approve(request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const consent = consents.get(JSON.parse(params.claims).id_token.openbanking_intent_id.value);
  const waits = consent?.data.Status === "AwaitingAuthorisation";
  if (request.method === "GET") {
    const { InstructedAmount: amount, CreditorAccount: payee } = consent?.data.Initiation ?? {};
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    return response.end(waits
      ? `<!doctype html><title>Example Bank</title><form method="post">
         <p>Pay ${escaped(amount.Amount)} ${escaped(amount.Currency)} to ${escaped(payee.Name)}?</p>
         <button name="answer" value="approve">Approve</button>
         <button name="answer" value="decline">Decline</button></form>`
      : "<!doctype html><title>Example Bank</title><p>No payment waits for you.</p>");
  }
  const approved = waits && String(await body(request)) === "answer=approve";
  if (waits) change(consent, approved ? "Authorised" : "Rejected");
  if (!approved) return provider.interactionFinished(request, response, { error: "access_denied" });
  const grant = new provider.Grant({ accountId: "payer-1", clientId: CLIENT_ID });
  grant.addOIDCScope("openid payments");
  grant.addOIDCClaims(["openbanking_intent_id", "acr"]);
  return provider.interactionFinished(request, response, {
    login: { accountId: "payer-1", acr: SCA },
    consent: { grantId: await grant.save() },
  });
}

// ---- Domestic payments ----

class Refusal extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code: `UK.OBIE.${code}` });
  }
}

function change(resource, status) {
  Object.assign(resource.data, { Status: status, StatusUpdateDateTime: new Date().toISOString() });
}

/** The id of the consent that the payer approved with this token; undefined for the provider's own token. */
async function consentOfToken(request, kind) {
  const value = /^Bearer (\S+)$/i.exec(request.headers.authorization)?.[1];
  const token = value && (await provider[kind].find(value));
  const thumbprint = crypto.createHash("sha256").update(certificate(request)?.raw ?? "").digest("base64url");
  if (!token || token["x5t#S256"] !== thumbprint || !token.scope.split(" ").includes("payments")) {
    throw new Refusal(401, "Header.Invalid", "The access token is not for this request");
  }
  return token.claims?.id_token?.openbanking_intent_id?.value;
}

async function checkSignature(request, bytes) {
  const [protectedHeader, payload, signature] = (request.headers["x-jws-signature"] ?? "").split(".");
  if (payload !== "") throw new Refusal(400, "Signature.Missing", "x-jws-signature is not a detached JWS");
  const jws = { protected: protectedHeader, payload: bytes.toString("base64url"), signature };
  const options = { algorithms: ["PS256"], crit: CRITICAL };
  const verified = await flattenedVerify(jws, seal.publicKey, options).catch((error) => {
    throw new Refusal(400, "Signature.Invalid", error.message);
  });
  const { kid, [IAT]: iat, [ISS]: iss, [TAN]: tan } = verified.protectedHeader;
  if (kid !== sealKey.kid || iss !== organisation || tan !== TRUST_ANCHOR || !(iat <= Date.now() / 1000 + 1)) {
    throw new Refusal(400, "Signature.InvalidClaim", `kid ${kid}, iss ${iss}, tan ${tan} or iat ${iat}`);
  }
}

async function signature(bytes) {
  const claims = { [IAT]: Math.floor(Date.now() / 1000), [ISS]: "example-bank", [TAN]: TRUST_ANCHOR };
  const header = { alg: "PS256", kid: bankKey.kid, ...claims, crit: [IAT, ISS, TAN] };
  const jws = await new FlattenedSign(bytes).setProtectedHeader(header).sign(privateKey, { crit: CRITICAL });
  return `${jws.protected}..${jws.signature}`;
}

function create(isPayment, { Data: asked, Risk: risk }, consentId) {
  const now = new Date().toISOString();
  const times = { CreationDateTime: now, StatusUpdateDateTime: now, Initiation: asked.Initiation };
  if (!isPayment) {
    return { data: { ConsentId: crypto.randomUUID(), Status: "AwaitingAuthorisation", ...times }, risk };
  }
  const consent = consents.get(consentId);
  const content = (initiation, itsRisk) => JSON.stringify([initiation, itsRisk]);
  const fits = consent && content(consent.data.Initiation, consent.risk) === content(asked.Initiation, risk);
  if (!fits || asked.ConsentId !== consentId) {
    throw new Refusal(400, "Resource.ConsentMismatch", "The payment is not the one of the consent");
  }
  if (consent.data.Status !== "Authorised") {
    throw new Refusal(400, "Resource.InvalidConsentStatus", consent.data.Status);
  }
  change(consent, "Consumed");
  const ids = { DomesticPaymentId: crypto.randomUUID(), ConsentId: consentId };
  return { data: { ...ids, Status: "AcceptedSettlementInProcess", ...times } };
}

async function resource(request, path, bytes) {
  const [, kind, id] = /^\/(domestic-payment-consents|domestic-payments)(?:\/([\w-]+))?$/.exec(path) ?? [];
  if (!kind || request.method !== (id ? "GET" : "POST")) throw new Refusal(404, "NotFound", path);
  const isPayment = kind === "domestic-payments";
  const store = isPayment ? payments : consents;
  const consentId = await consentOfToken(request, isPayment && !id ? "AccessToken" : "ClientCredentials");
  if (id) {
    const known = store.get(id);
    if (!known) throw new Refusal(400, "Resource.NotFound", `There is no ${id}`);
    const age_ms = Date.now() - Date.parse(known.data.CreationDateTime);
    if (isPayment && age_ms > 1000) change(known, "AcceptedSettlementCompleted");
    return known;
  }
  await checkSignature(request, bytes);
  const key = request.headers["x-idempotency-key"] ?? "";
  if (key.length < 1 || key.length > 40) throw new Refusal(400, "Header.Invalid", "x-idempotency-key");
  const first = created.get(key);
  if (first && !first.bytes.equals(bytes)) throw new Refusal(400, "Header.Invalid", "a key of another body");
  if (first) return first.made;
  const made = create(isPayment, JSON.parse(bytes), consentId);
  store.set(made.data.DomesticPaymentId ?? made.data.ConsentId, made);
  created.set(key, { bytes, made });
  return made;
}

async function answer(request, response, path) {
  let status = request.method === "POST" ? 201 : 200;
  let content;
  try {
    const { data, risk } = await resource(request, path, await body(request));
    content = { Data: data, Risk: risk, Links: { Self: `${API}${PAYMENTS}${path}` }, Meta: {} };
  } catch (error) {
    if (!(error instanceof Refusal)) console.error(error);
    status = error.status ?? 500;
    const errors = [{ ErrorCode: error.code ?? "UK.OBIE.UnexpectedError", Message: error.message }];
    content = { Code: String(status), Id: crypto.randomUUID(), Message: "Refused", Errors: errors };
  }
  const bytes = Buffer.from(JSON.stringify(content));
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.setHeader("x-fapi-interaction-id", request.headers["x-fapi-interaction-id"] ?? crypto.randomUUID());
  response.setHeader("x-jws-signature", await signature(bytes));
  response.writeHead(status).end(bytes);
}

// ---- Listeners ----

const body = async (request) => Buffer.concat(await request.toArray());

function handle(request, response) {
  const { pathname } = new URL(request.url, ISSUER);
  response.on("finish", () => console.log(request.method, pathname.slice(0, 60), response.statusCode));
  const broken = (error) => response.writeHead(400).end(error.message);
  if (pathname.startsWith("/approve/")) return approve(request, response).catch(broken);
  if (!pathname.startsWith(PAYMENTS)) return authorisationServer(request, response);
  return answer(request, response, pathname.slice(PAYMENTS.length)).catch(broken);
}

const own = { cert: fs.readFileSync("bank.pem"), key: fs.readFileSync("bank.key.pem") };
const authority = fs.readFileSync("my-banks/gb/certificates/ca.pem");
https.createServer(own, handle).listen(8443, "localhost");
https.createServer({ ...own, requestCert: true, ca: authority }, handle).listen(8444, "localhost");
console.log(`Example Bank: payers at ${ISSUER}, providers at ${API}`);
