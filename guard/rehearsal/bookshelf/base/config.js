// Where errors are reported; an empty DSN turns reporting off. Written when the package is built.
export const DSN = "";
export const ENVIRONMENT = "production";
