"use strict";
// Shows the document that stands in the page. Everything becomes text nodes, so that nothing in it can be markup.
(() => {
  const api = JSON.parse(document.getElementById("document").textContent);
  const base = api.servers[0].url;

  const make = (tag, properties, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
      if (name in node) node[name] = value;
      else node.setAttribute(name, value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return node;
  };

  const resolved = (schema) => {
    if (!schema.$ref) return schema;
    const found = schema.$ref.slice(2).split("/").reduce((at, part) => at[part], api);
    return { ...found, title: schema.$ref.split("/").pop() };
  };

  const typeOf = (given) => {
    const schema = resolved(given);
    if (schema.anyOf) return "one of " + schema.anyOf.length;
    if ("const" in schema) return "constant";
    const types = [schema.type].flat().filter(Boolean);
    if (types.includes("array") && schema.items) {
      const more = types.includes("null") ? ", or null" : "";
      return "list of " + typeOf(schema.items) + more;
    }
    const named = schema.format ? { uuid: "UUID", "date-time": "instant" }[schema.format] || schema.format : null;
    const shown = types.map((type) => (type === "string" && named ? named : type));
    return shown.join(" or ") || "anything";
  };

  const words = (values) => values.flatMap((value, place) => [place ? " " : "", make("code", {}, String(value))]);

  const limitsOf = (given) => {
    const outer = resolved(given);
    const schema = outer.items ? { ...resolved(outer.items), default: outer.default } : outer;
    const lines = [];
    const between = (least, most, unit) => {
      if (least !== undefined && most !== undefined) return `${least} to ${most}${unit}`;
      if (most !== undefined) return `at most ${most}${unit}`;
      return least !== undefined ? `at least ${least}${unit}` : null;
    };
    const add = (line) => { if (line) lines.push(line); };
    add(between(schema.minimum, schema.maximum, ""));
    add(between(schema.minLength, schema.maxLength, " characters"));
    add(between(outer.minItems, outer.maxItems, " items"));
    add(between(schema.minProperties, schema.maxProperties, " members"));
    const parts = lines.length ? [make("span", {}, lines.join(", ") + ". ")] : [];
    if (schema.enum) parts.push(make("span", {}, "One of ", words(schema.enum), " "));
    if ("const" in schema) parts.push(make("span", {}, words([schema.const]), " "));
    if (schema.default !== undefined) parts.push(make("span", {}, "If absent: ", words([schema.default]), " "));
    if (schema.examples) parts.push(make("span", {}, "For example ", words(schema.examples)));
    return parts.length ? make("div", { className: "limits" }, parts) : null;
  };

  // What is inside a schema, made when it is opened first: schemas may be large.
  const deeper = (label, fill) => {
    const inside = make("div", { className: "deeper" });
    const details = make("details", { className: "more" }, make("summary", {}, label), inside);
    details.addEventListener("toggle", () => { if (details.open && !inside.firstChild) inside.append(...fill()); });
    return details;
  };

  const insides = (given) => {
    const schema = resolved(given);
    if (schema.anyOf) {
      return schema.anyOf.map((one, place) => {
        const name = resolved(one).title || `form ${place + 1}`;
        return deeper(`${name} (${typeOf(one)})`, () => described(one));
      });
    }
    if (schema.items) return insides(schema.items);
    if (schema.properties && Object.keys(schema.properties).length) return [deeper("members", () => described(schema))];
    if (schema.additionalProperties && schema.additionalProperties !== true) {
      return [deeper("each member", () => described(schema.additionalProperties))];
    }
    return [];
  };

  const entry = (name, schema, required, text) => {
    const must = required ? make("span", { className: "must" }, "required") : null;
    const own = resolved(schema).description;
    const texts = [text, own].filter(Boolean).map((line) => make("p", {}, line.replaceAll("`", "")));
    return make("div", {},
      make("dt", {}, make("span", { className: "name" }, name), make("span", { className: "type" }, typeOf(schema)), must),
      make("dd", {}, texts, limitsOf(schema), insides(schema)));
  };

  const described = (given) => {
    const schema = resolved(given);
    if (schema.properties && Object.keys(schema.properties).length) {
      const required = new Set(schema.required || []);
      const members = Object.entries(schema.properties);
      members.sort(([a], [b]) => required.has(b) - required.has(a));
      const about = schema.description ? [make("p", { className: "notes" }, schema.description)] : [];
      const list = members.map(([name, member]) => entry(name, member, required.has(name)));
      return [...about, make("dl", { className: "members" }, list)];
    }
    const type = make("span", { className: "type" }, typeOf(schema));
    return [type, limitsOf(schema), ...insides(schema)].filter(Boolean);
  };

  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

  const command = (method, path, operation) => {
    const parts = ["curl"];
    if (method !== "get") parts.push("-X", method.toUpperCase());
    if (!operation.security) parts.push('-H "Authorization: Bearer $POSTURE_TOKEN"');
    const query = (operation.parameters || []).filter((one) => one.in === "query" && one.required);
    const value = (one) => (resolved(one.schema).enum || resolved(one.schema).examples || ["VALUE"])[0];
    const pairs = query.map((one) => `${encodeURIComponent(one.name)}=${encodeURIComponent(value(one))}`);
    if (operation.requestBody) parts.push("-H 'Content-Type: application/json' -d @body.json");
    return [...parts, quoted(base + path + (pairs.length ? "?" + pairs.join("&") : ""))].join(" ");
  };

  const answer = (status, response) => {
    const [media, content] = Object.entries(response.content)[0];
    const inside = make("div", { className: "deeper" });
    const note = make("span", { className: "type" }, " " + media);
    const details = make("details", { className: "answer" },
      make("summary", {}, make("code", {}, status), response.description.replaceAll("`", ""), note), inside);
    details.addEventListener("toggle", () => {
      if (details.open && !inside.firstChild) inside.append(...described(content.schema));
    });
    return details;
  };

  const operationOf = (method, path, operation, also) => {
    const inside = make("div", { className: "inside" });
    const details = make("details", { className: "operation", id: operation.operationId },
      make("summary", {},
        make("span", { className: "method " + method }, method.toUpperCase()),
        make("span", { className: "path" }, path),
        make("span", { className: "what" }, operation.summary)), inside);
    const fill = () => {
      const scope = operation["x-scope"];
      inside.append(make("p", { className: "notes" }, scope ? ["Needs a key with the scope ", make("code", {}, scope), "."] : "Needs no key."));
      for (const other of also) inside.append(make("p", { className: "notes" }, "Also at ", make("span", { className: "path" }, other)));
      inside.append(make("pre", { tabIndex: 0 }, command(method, path, operation)));
      for (const [place, title] of [["path", "In the path"], ["query", "In the query"]]) {
        const parameters = (operation.parameters || []).filter((one) => one.in === place);
        if (!parameters.length) continue;
        const entries = parameters.map((one) => entry(one.name, one.schema, one.required, one.description));
        inside.append(make("h3", {}, title), make("dl", { className: "members" }, entries));
      }
      if (operation.requestBody) {
        const title = operation.requestBody.required ? "Body" : "Body, if any";
        inside.append(make("h3", {}, title), ...described(operation.requestBody.content["application/json"].schema));
      }
      inside.append(make("h3", {}, "Answers"));
      inside.append(...Object.entries(operation.responses).map(([status, response]) => answer(status, response)));
    };
    details.addEventListener("toggle", () => { if (details.open && !inside.firstChild) fill(); });
    return details;
  };

  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })));
  const links = [];

  const group = (tag) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag.name) && !operation["x-same-as"]);
    if (!own.length) return;
    const shown = own.map(({ method, path, operation }) => {
      const also = operations.filter((one) => one.operation["x-same-as"] === path && one.method === method);
      const article = operationOf(method, path, operation, also.map((one) => one.path));
      const link = make("a", { href: "#" + operation.operationId, title: `${method.toUpperCase()} ${path}` }, operation.summary.split(/[:,;]/)[0]);
      const names = (operation.parameters || []).map((one) => one.name);
      const text = [operation.operationId, operation.summary, method, path, ...names].join(" ").toLowerCase();
      const item = make("li", {}, link);
      links.push({ item, article, text });
      return { item, article };
    });
    const title = make("h2", {}, tag.name);
    const list = make("div", {}, title, make("ul", {}, shown.map(({ item }) => item)));
    document.getElementById("list").append(list);
    const section = make("section", { className: "tag" }, make("h2", {}, tag.name),
      make("p", {}, tag.description.replaceAll("`", "")), shown.map(({ article }) => article));
    document.getElementById("operations").append(section);
  };

  const about = () => {
    const fact = (name, ...value) => [make("dt", {}, name), make("dd", {}, value)];
    document.getElementById("about").append(
      make("h1", {}, api.info.title, make("small", {}, api.info.version)),
      make("p", { className: "lead" }, api.info.description.replaceAll("`", "")),
      make("dl", { className: "facts" },
        fact("Base", make("code", {}, base)),
        fact("Key", make("code", {}, "Authorization: Bearer …"), ", ", make("code", {}, "x-api-key"), ", ",
          make("code", {}, "DD-API-KEY"), " with ", make("code", {}, "DD-APPLICATION-KEY"), ", or an AWS signature for ",
          make("code", {}, "securityhub")),
        fact("Document", make("a", { href: "openapi.json" }, "openapi.json"), ", OpenAPI " + api.openapi)));
  };

  const find = document.getElementById("find");
  const filter = () => {
    const wanted = find.value.trim().toLowerCase().split(/\s+/);
    let any = false;
    for (const { item, article, text } of links) {
      const fits = wanted.every((word) => text.includes(word));
      item.hidden = article.hidden = !fits;
      any = any || fits;
    }
    for (const block of document.querySelectorAll("#list > div")) block.hidden = !block.querySelector("li:not([hidden])");
    for (const block of document.querySelectorAll("section.tag")) block.hidden = !block.querySelector(".operation:not([hidden])");
    document.getElementById("none").hidden = any;
  };

  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target || !target.classList.contains("operation")) return;
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  };

  about();
  api.tags.forEach(group);
  find.addEventListener("input", filter);
  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    const busy = event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input");
    if (event.key === "/" && !busy) { event.preventDefault(); find.focus(); }
    if (event.key === "Escape" && event.target === find) { find.value = ""; filter(); }
  });
  follow();
})();
