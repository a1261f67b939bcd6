//! Swagger 2.0 as OpenAPI 3.0, as far as judging needs it: parameters and bodies change their
//! places; schemas stay where they are, so references to them still hold.

use serde_json::{Map, Value, json};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The same document in OpenAPI 3.0.
pub(crate) fn as_openapi(mut document: Value) -> Value {
    let shared = document["parameters"].take();
    let base = document["basePath"].as_str().unwrap_or("/").to_owned();
    if let Some(paths) = document["paths"].as_object_mut() {
        for item in paths.values_mut().filter_map(Value::as_object_mut) {
            item.retain(|key, _| METHODS.contains(&key.as_str()) || key == "parameters");
            for operation in item.values_mut().filter(|operation| operation.is_object()) {
                convert(operation, &shared);
            }
        }
    }
    document["openapi"] = json!("3.0.0");
    document["servers"] = json!([{ "url": base }]);
    document
}

fn convert(operation: &mut Value, shared: &Value) {
    let mut kept = vec![];
    for parameter in operation["parameters"].as_array().cloned().unwrap_or_default() {
        let name = parameter["$ref"].as_str().and_then(|text| text.strip_prefix("#/parameters/"));
        let parameter = name.map_or(&parameter, |name| &shared[name]);
        if parameter["in"] == "body" {
            operation["requestBody"] = json!({
                "required": parameter["required"],
                "content": { "application/json": { "schema": parameter["schema"] } },
            });
            continue;
        }
        let schema: Map<String, Value> = ["type", "format", "enum", "pattern", "items"]
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), parameter.get(key)?.clone())))
            .collect();
        kept.push(json!({
            "name": parameter["name"],
            "in": parameter["in"],
            "required": parameter["required"].as_bool().unwrap_or(false),
            "schema": schema,
        }));
    }
    operation["parameters"] = Value::Array(kept);
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for response in responses.values_mut() {
        let headers: Map<String, Value> = response["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, header)| (name.clone(), json!({ "schema": { "type": header["type"] } })))
            .collect();
        let mut new = json!({ "description": response["description"], "headers": headers });
        if response["schema"].is_object() {
            new["content"] = json!({ "application/json": { "schema": response["schema"] } });
        }
        *response = new;
    }
}
