// Reading observations with what each language has for HTTP.

import type { SnippetTab } from "../../components/ui/snippet";

export const own = (host: string): SnippetTab[] => [
  {
    name: "curl",
    code: `curl -H "Authorization: Bearer $CAMPANILE_KEY" \\
  "${host}/api/observations?min_significance=70&limit=5"`,
  },
  {
    name: "JavaScript",
    code: `const answer = await fetch("${host}/api/observations?min_significance=70&limit=5", {
  headers: { authorization: \`Bearer \${process.env.CAMPANILE_KEY}\` },
});
const { data, next } = await answer.json();
for (const { title, significance } of data) console.log(significance, title);`,
  },
  {
    name: "Python",
    code: `import os, requests

answer = requests.get(
    "${host}/api/observations",
    params={"min_significance": 70, "limit": 5},
    headers={"Authorization": f"Bearer {os.environ['CAMPANILE_KEY']}"},
)
answer.raise_for_status()
for observation in answer.json()["data"]:
    print(observation["significance"], observation["title"])`,
  },
  {
    name: "Go",
    code: `request, _ := http.NewRequest("GET", "${host}/api/observations?min_significance=70&limit=5", nil)
request.Header.Set("Authorization", "Bearer "+os.Getenv("CAMPANILE_KEY"))
answer, err := http.DefaultClient.Do(request)
if err != nil {
	log.Fatal(err)
}
defer answer.Body.Close()
var page struct {
	Data []struct {
		Title        string
		Significance int
	}
}
json.NewDecoder(answer.Body).Decode(&page)`,
  },
  {
    name: "Rust",
    code: `let page: serde_json::Value = reqwest::Client::new()
    .get("${host}/api/observations?min_significance=70&limit=5")
    .bearer_auth(std::env::var("CAMPANILE_KEY")?)
    .send()
    .await?
    .error_for_status()?
    .json()
    .await?;`,
  },
  {
    name: "Ruby",
    code: `require "net/http"
require "json"

uri = URI("${host}/api/observations?min_significance=70&limit=5")
answer = Net::HTTP.get_response(uri, "Authorization" => "Bearer #{ENV.fetch("CAMPANILE_KEY")}")
JSON.parse(answer.body)["data"].each { |it| puts "#{it["significance"]} #{it["title"]}" }`,
  },
  {
    name: "PHP",
    code: `$context = stream_context_create(["http" => [
    "header" => "Authorization: Bearer " . getenv("CAMPANILE_KEY"),
]]);
$answer = file_get_contents("${host}/api/observations?min_significance=70&limit=5", false, $context);
foreach (json_decode($answer, true)["data"] as $observation) {
    echo $observation["significance"], " ", $observation["title"], "\\n";
}`,
  },
  {
    name: "Java",
    code: `var request = HttpRequest.newBuilder(URI.create("${host}/api/observations?min_significance=70&limit=5"))
    .header("Authorization", "Bearer " + System.getenv("CAMPANILE_KEY"))
    .build();
var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
System.out.println(answer.body());`,
  },
  {
    name: "C#",
    code: `using var client = new HttpClient();
client.DefaultRequestHeaders.Authorization =
    new AuthenticationHeaderValue("Bearer", Environment.GetEnvironmentVariable("CAMPANILE_KEY"));
var page = await client.GetFromJsonAsync<JsonDocument>(
    "${host}/api/observations?min_significance=70&limit=5");`,
  },
];
